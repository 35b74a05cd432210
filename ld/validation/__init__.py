"""Validation: whether data holds to SHACL shapes, decided fast where that is certain and by pySHACL where it is not."""
