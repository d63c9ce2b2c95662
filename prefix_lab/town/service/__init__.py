"""The service desks of Larkhaven and its bank: requests, what they ask for, and talks."""
