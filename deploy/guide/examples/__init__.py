"""The examples, by theme. Each tells the services what there is, asks them, and checks what was reasoned by hand beside it."""
