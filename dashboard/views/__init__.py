"""What people see: `page` lays out tabs, each a package. They are fed by the store and tell it what people do."""
