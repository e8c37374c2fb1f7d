"""The commands of ``vigie-gateway``, a module each: ``add_parser(commands)`` describes it, ``run(options)`` does it.

``__main__`` imports a module when its command is called for, so that none pays for the others.
"""
