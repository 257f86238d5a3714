"""`python -m gluon_style`: what there is."""

from .machine.version import __version__

if __name__ == "__main__":
    print(
        f"""gluon_style {__version__}: neural style transfer as in Dive into Deep Learning

  python -m gluon_style.train     paint one picture in the style of another
  python -m gluon_style.page      do that on a page in the browser, and watch it being painted
  python -m gluon_style.compare   see what an option does: one sheet, a short run for each value
  python -m gluon_style.batch     paint many pictures, on one machine or on many
  python -m gluon_style.doctor    see what works on this machine, and how long it will take
  python -m gluon_style.weights   list, download or export the weights of VGG-19

Each has --help. A first look, in seconds: python -m gluon_style.train --quick"""
    )
