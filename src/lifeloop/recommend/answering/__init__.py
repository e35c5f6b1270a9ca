"""From a request to a list that keeps every rule: understand, score, pick, explore, and pass the gate."""
