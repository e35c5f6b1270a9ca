"""How facts come in live: what nine client libraries and two shop systems send, made one form."""
