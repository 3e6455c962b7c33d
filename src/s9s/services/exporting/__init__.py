"""What can be exported: the fields of each type, where its rows come from, and how a file is made of them."""
