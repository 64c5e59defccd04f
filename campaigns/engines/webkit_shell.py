"""A window of WebKitGTK that obeys orders, one line of JSON after the other.

It runs under the system's own Python, which alone has the bindings, with a profile on disk: sessions of
WebKit's own driver live in memory, and give no access to the camera, the window or the processes.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import GLib, Gtk, WebKit2  # noqa: E402

Order = dict[str, Any]
SETTINGS = ("enable-media-stream", "enable-mock-capture-devices")


class Window:
    """One web view; ``answer`` is called with what came of the last order."""

    def __init__(self, profile: Path, answer: Callable[[Order], None]) -> None:
        self._answer = answer
        self._manager = WebKit2.UserContentManager()
        data = WebKit2.WebsiteDataManager(
            base_data_directory=str(profile / "data"), base_cache_directory=str(profile / "cache")
        )
        # Otherwise a sign-in would end with the process that this campaign kills; on phones it does not.
        cookies = str(profile / "cookies.sqlite")
        data.get_cookie_manager().set_persistent_storage(cookies, WebKit2.CookiePersistentStorage.SQLITE)
        context = WebKit2.WebContext.new_with_website_data_manager(data)
        self.view = WebKit2.WebView(web_context=context, user_content_manager=self._manager)
        for name in SETTINGS:
            self.view.get_settings().set_property(name, True)
        self.view.connect("permission-request", lambda _, request: request.allow() or True)
        self.view.connect("script-dialog", self._asked)
        self.view.connect("load-changed", self._load_changed)
        self.view.connect("load-failed", self._load_failed)
        self.window = Gtk.Window(default_width=412, default_height=840)
        self.window.add(self.view)
        self.window.show_all()
        self._loading = False

    def do_version(self, _: Order) -> None:
        """Which WebKitGTK this is."""
        parts = (WebKit2.get_major_version(), WebKit2.get_minor_version(), WebKit2.get_micro_version())
        self._answer({"value": ".".join(map(str, parts))})

    def do_preload(self, order: Order) -> None:
        """Run a script in every page from now on, before the page's own code."""
        frames, when = WebKit2.UserContentInjectedFrames.TOP_FRAME, WebKit2.UserScriptInjectionTime.START
        self._manager.add_script(WebKit2.UserScript.new(order["script"], frames, when, None, None))
        self._answer({"value": None})

    def do_open(self, order: Order) -> None:
        """Load an address; answered when it is loaded."""
        self._loading = True
        self.view.load_uri(order["url"])

    def do_reload(self, _: Order) -> None:
        """Load the page again; answered when it is loaded."""
        self._loading = True
        self.view.reload()

    def _asked(self, _: Any, dialog: Any) -> bool:
        """Leave a page that asks to stay, because it holds a photo that it could not keep."""
        if dialog.get_dialog_type() == WebKit2.ScriptDialogType.BEFORE_UNLOAD_CONFIRM:
            dialog.confirm_set_confirmed(True)
        return True

    def _load_changed(self, _: Any, event: Any) -> None:
        if event == WebKit2.LoadEvent.FINISHED and self._loading:
            self._loading = False
            self._answer({"value": None})

    def _load_failed(self, _: Any, __: Any, url: str, problem: Any) -> bool:
        if self._loading:
            self._loading = False
            self._answer({"error": f"{url}: {problem.message}"})
        return True

    def do_evaluate(self, order: Order) -> None:
        """The value of an expression that gives a string, awaited."""
        body = f"return await ({order['expression']});"
        self.view.call_async_javascript_function(body, -1, None, None, None, None, self._evaluated)

    def _evaluated(self, view: Any, result: Any) -> None:
        try:
            value = view.call_async_javascript_function_finish(result)
        except GLib.Error as problem:
            self._answer({"error": problem.message})
        else:
            self._answer({"value": value.to_string()})

    def do_camera(self, order: Order) -> None:
        """What the system does to a camera in use: ``MUTED``, ``ACTIVE`` or ``NONE``."""
        self.view.set_camera_capture_state(getattr(WebKit2.MediaCaptureState, order["state"]))
        self._answer({"value": None})

    def do_hide(self, _: Order) -> None:
        """Put the window out of sight."""
        self.window.hide()
        self._answer({"value": None})

    def do_show(self, _: Order) -> None:
        """Bring the window back."""
        self.window.show_all()
        self._answer({"value": None})


def main() -> None:
    """Take orders from standard input until it ends."""

    def answer(what: Order) -> None:
        print(json.dumps(what), flush=True)

    window = Window(Path(sys.argv[1]), answer)

    def obey(*_: Any) -> bool:
        line = sys.stdin.readline()
        if not line:
            Gtk.main_quit()
            return False
        order = json.loads(line)
        try:
            getattr(window, f"do_{order['do']}")(order)
        except Exception as problem:
            answer({"error": repr(problem)})
        return True

    GLib.io_add_watch(sys.stdin, GLib.IO_IN | GLib.IO_HUP, obey)
    Gtk.main()


if __name__ == "__main__":
    main()
