"""A trained run, composed again from its record, renders clips at any instant."""
