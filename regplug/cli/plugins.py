"""`regplug plugins`: what is installed, from which distribution."""

import click

from regplug.hooks.manager import plugin_manager


@click.command(short_help="List the installed plugins.")
def plugins() -> None:
    """List the installed plugins: name, distribution, version, hooks."""
    manager = plugin_manager()
    for plugin, distribution in sorted(
        manager.list_plugin_distinfo(), key=lambda p: p[1].project_name
    ):
        hooks = sorted(caller.name for caller in manager.get_hookcallers(plugin) or [])
        click.echo(
            "\t".join(
                [
                    manager.get_name(plugin) or "?",
                    distribution.project_name,
                    distribution.version,
                    ",".join(hooks),
                ]
            )
        )
