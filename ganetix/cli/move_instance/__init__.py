"""move-instance: instances from one cluster to another, through both remote APIs."""
