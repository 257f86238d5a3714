"""The examination of a machine: `python -m gluon_style.doctor`."""
