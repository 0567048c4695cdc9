"""The rules as a web site of plain files: no server, no network, the same bytes each time."""
