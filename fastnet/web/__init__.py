"""What faces the network: who may ask, how often, and how it is answered; it knows nothing of the page behind it."""
