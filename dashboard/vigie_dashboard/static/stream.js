// The one event stream of a browser. Loaded twice: as a SharedWorker, which every open board shares (a browser allows
// six connections to a host, so a seventh tab with a stream of its own would never load), and in the page itself, for
// browsers without shared workers.
"use strict";

// Nothing for so long: the connection is dead though nobody said so (the gateway beats every 5 s). Shorter reconnects
// on every hiccup of a bad Wi-Fi; longer leaves a frozen page frozen.
const SILENCE_MS = 30_000;

// emit({kind: "state" | "u" | "b", data}) for each event; call the result to close.
function openStream(url, emit) {
  let source = null;
  let heard = 0;
  const hear = (kind) => (event) => {
    heard = performance.now();
    emit({ kind, data: JSON.parse(event.data) });
  };
  const connect = () => {
    source?.close();
    heard = performance.now();
    source = new EventSource(url);
    for (const kind of ["state", "u", "b"]) source.addEventListener(kind, hear(kind));
  };
  connect();
  const timer = setInterval(() => {
    if (performance.now() - heard > SILENCE_MS || (source.readyState === EventSource.CLOSED && performance.now() - heard > 5000)) connect();
  }, 5000);
  return () => {
    clearInterval(timer);
    source.close();
  };
}

if ("SharedWorkerGlobalScope" in self) {
  const ports = new Set();
  let fields = null; // everything known, for a page that opens later
  let close = null;
  self.onconnect = (connection) => {
    const port = connection.ports[0];
    ports.add(port);
    port.onmessage = ({ data }) => {
      if (data.leave) {
        ports.delete(port);
        if (ports.size === 0 && close) {
          close();
          close = fields = null;
        }
      } else if (close === null) {
        close = openStream(data.url, (event) => {
          const changed = event.kind === "b" ? null : (event.data.fields ?? event.data);
          if (event.kind === "state") fields = changed;
          else if (changed && fields) Object.assign(fields, changed);
          for (const each of ports) each.postMessage(event);
        });
      } else if (fields) port.postMessage({ kind: "state", data: { fields } });
    };
  };
} else self.openStream = openStream;
