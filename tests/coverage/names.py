# Prints every public name of CPython's socket, select and selectors modules and of their classes, as JSON.

import collections.abc
import json
import select
import selectors
import socket
import types


def public(thing):
    return {name for name in dir(thing) if not name.startswith("_")}


def own(module):
    """What a module defines: not the modules and classes that it only imports."""
    homes = {module.__name__, "_" + module.__name__, "builtins"}
    for name in public(module):
        value = getattr(module, name)
        if isinstance(value, types.ModuleType) or name in ("IntEnum", "IntFlag", "ABCMeta", "Mapping"):
            continue
        if isinstance(value, int) or getattr(value, "__module__", module.__name__) in homes:
            yield name


modules = {module.__name__: sorted(own(module)) for module in (socket, select, selectors)}
classes = {
    "socket.socket": socket.socket,
    "socket.SocketIO": socket.SocketIO,
    "socket.gaierror": None,
    "select.epoll": select.epoll,
    "select.poll": type(select.poll()),
    "selectors.SelectorKey": None,
}
for name in modules["selectors"]:
    if name.endswith("Selector"):
        classes["selectors." + name] = getattr(selectors, name)
members = {name: sorted(public(one)) for name, one in classes.items() if one is not None}
# Only the members that a named tuple or an exception does not have anyway.
members["selectors.SelectorKey"] = sorted(selectors.SelectorKey._fields)
members["socket.gaierror"] = ["errno", "filename", "filename2", "strerror"]
print(json.dumps(modules | members))
