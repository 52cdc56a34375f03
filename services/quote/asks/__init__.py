"""What may be asked of quote: the bodies of its requests, as a CRM sends them and as the decision log keeps them."""
