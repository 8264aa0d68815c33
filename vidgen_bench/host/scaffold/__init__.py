"""Write the package of a new plugin, from the templates next to this module."""
