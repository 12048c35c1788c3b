"""What is durable: journal, checkpoint, candidates, recovery."""
