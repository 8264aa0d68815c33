"""Published results: rows copied from papers, shown beside measured ones, and what the paper's claims rest on."""
