"""Names of endpoints: a name server that fails or is silent.

The system's look-up is replaced by one that knows a few names, told by files what becomes of the second.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import unittest

from harness import PATIENCE, GatewayTest, breaker, main, wait_until
from scripted_upstream import raw, status

LOOK_UP = r"""
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int told(const char* what) {
    char path[4096] = "";
    strcat(strcat(strcat(path, getenv("NAMES")), "/"), what);
    return access(path, F_OK) == 0;
}

int getaddrinfo(const char* name, const char* port, const struct addrinfo* how, struct addrinfo** found) {
    int (*real)(const char*, const char*, const struct addrinfo*, struct addrinfo**) =
        (int (*)(const char*, const char*, const struct addrinfo*, struct addrinfo**))dlsym(RTLD_NEXT, "getaddrinfo");
    if (!name || !strstr(name, ".test")) return real(name, port, how, found);
    if (strstr(name, "silent") || told("silent")) sleep(600);
    if (told("failing")) return EAI_AGAIN;
    int more = strstr(name, "many") ? 79 : 0;
    int failed = real("127.0.0.1", port, how, found);
    while (!failed && more-- > 0) failed = real("127.0.0.2", port, how, found = &(*found)->ai_next);
    return failed;
}
"""

# A connection, and so a look-up, for each request.
CLOSING = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", "close")


@unittest.skipUnless(shutil.which("cc"), "there is no C compiler")
class Names(GatewayTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="switchgear-names-")
        with open(cls.file("look_up.c"), "w", encoding="ascii") as file:
            file.write(LOOK_UP)
        subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", cls.file("look_up.so"), cls.file("look_up.c")],
                       check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def file(cls, name):
        return os.path.join(cls.folder.name, name)

    def setUp(self):
        super().setUp()
        self.told = self.enterContext(tempfile.TemporaryDirectory(prefix="switchgear-told-"))

    def tell(self, what):
        """From now on the name server is failing, or silent."""
        open(os.path.join(self.told, what), "w", encoding="ascii").close()

    def start(self, services, **more):
        environment = {"LD_PRELOAD": self.file("look_up.so"), "NAMES": self.told}
        return super().start(services, environment=environment, threads=1, **more)

    def services(self, upstream, **silent):
        return {
            "shop": {"endpoints": [f"http://shop.test:{upstream.port}"], "breaker": breaker(1)},
            "slow": {"endpoints": ["http://silent.test:1"], "timeouts": {"connect": "300ms"}, **silent},
        }

    ROUTES = [{"match": {"path_prefix": "/slow"}, "service": "slow"}, {"match": {"path_prefix": "/"}, "service": "shop"}]

    def test_behaviour_37_a_silent_name_is_no_failure_of_other_services(self):
        gateway = self.start(self.services(self.upstream(CLOSING)), routes=self.ROUTES)
        for _ in range(3):
            self.assertEqual(self.ask(gateway, "GET", "/slow").status, 504)
            self.assertEqual(self.ask(gateway).status, 200)
        self.assertEqual(gateway.state("shop"), "closed")
        gateway.settled(3, breaker="slow", verdict="failure", class_="unreachable")

    def test_behaviour_66_a_silent_name_does_not_put_off_the_end(self):
        gateway = self.start(self.services(self.upstream()), routes=self.ROUTES)
        self.assertEqual(self.ask(gateway, "GET", "/slow").status, 504)
        gateway.terminate()
        self.assertEqual(gateway.process.wait(PATIENCE), 0)

    def test_behaviour_67_addresses_are_kept_while_nobody_can_name_others(self):
        gateway = self.start(self.services(self.upstream(CLOSING)), routes=self.ROUTES)
        self.assertEqual(self.ask(gateway).status, 200)
        for what in ("failing", "silent"):
            self.tell(what)
            for _ in range(2):
                self.assertEqual(self.ask(gateway).status, 200, what)

    def test_a_silent_name_holds_up_no_other_services_health_checks(self):
        upstream = self.upstream(status(200))
        check = {"path": "/healthz", "every": "200ms", "while": "open"}
        services = self.services(upstream, health_check={**check, "timeout": "300ms"})
        services["shop"]["health_check"] = {**check, "timeout": "20s"}
        gateway = self.start(services, routes=self.ROUTES, arguments=("--log-level", "debug"))
        gateway.order("slow", "trip", for_="10m")
        gateway.wait_log("Health check failed.")
        gateway.order("shop", "trip", for_="10m")
        wait_until(lambda: gateway.snapshot("shop")["probe_due"], "found healthy")

    def test_a_silent_address_is_not_all_of_a_name(self):
        # Of so many that its share of the time is short, and the time as a whole long.
        with socket.create_server(("127.0.0.1", 0), backlog=0) as silent:
            port = silent.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port)):  # and no room for another
                upstream = self.upstream(CLOSING, address=("127.0.0.2", port))
                check = {"path": "/healthz", "every": "100ms", "timeout": "20s", "while": "open"}
                gateway = self.start({"shop": {"endpoints": [f"http://many.test:{port}"], "breaker": breaker(1),
                                               "timeouts": {"connect": "20s"}, "health_check": check}})
                self.assertEqual(self.ask(gateway).status, 200)
                gateway.order("shop", "trip", for_="10m")
                wait_until(lambda: gateway.snapshot("shop")["probe_due"], "found healthy")
                self.assertIn("/healthz", upstream.targets())


if __name__ == "__main__":
    main()
