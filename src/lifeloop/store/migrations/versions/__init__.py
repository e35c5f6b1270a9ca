"""One file per step, each with `revision`, `down_revision` and `upgrade()`."""
