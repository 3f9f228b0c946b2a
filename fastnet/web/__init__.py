"""What faces the network: guards and limits, and the HTTP interface. It knows nothing of the page."""
