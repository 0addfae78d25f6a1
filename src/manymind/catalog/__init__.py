"""What is for sale: models, offers, prices. Pure."""
