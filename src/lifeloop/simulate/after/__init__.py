"""What follows an order: returns, opinions, questions and answers."""
