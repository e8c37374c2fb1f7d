"""From a clone or a wheel to a machine that runs Vigie: ``install``, ``upgrade`` and ``uninstall``.

What is wanted is a list of steps, plain values (``steps``, ``actions``). ``examination`` looks at the machine and says
which of their actions are still to be done, ``execution`` does those. The second time nothing is to be done, and after
a failure what was done is not done again. Standard library only: it runs before anything of others is installed.
"""
