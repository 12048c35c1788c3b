"""What a cluster is: frozen records, their codec, and pure changes from one state to the next."""
