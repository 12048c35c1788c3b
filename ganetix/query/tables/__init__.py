"""Names, titles and kinds of all fields, a module a resource."""
