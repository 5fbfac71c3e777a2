"""Points in a Qdrant cluster: vectors, terms and scopes there, everything else in the database.

Keeper of qdrant_client. Importing it imports none of that.
"""
