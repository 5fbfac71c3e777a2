"""`gateway bench`: measures this gateway, here."""
