"""One module per check of the conformance kit."""
