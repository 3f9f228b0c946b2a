"""What people see: `page` puts the tabs together, each a package. Each is fed by the store and tells it what people do."""
