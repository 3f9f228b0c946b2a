"""What people see, a view a file: `page` puts them together. Each is fed by the store and tells it what people do."""
