"""What people and programs watch over HTTP: the event stream."""
