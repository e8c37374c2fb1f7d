// The one event stream of a browser. Loaded twice: as a SharedWorker, which every open board shares (a browser allows
// six connections to a host, so a seventh tab with a stream of its own would never load), and in the page itself, for
// browsers without shared workers.
"use strict";

const SILENCE_MS = 12_000; // two beats of 5 s missed. Less takes bad Wi-Fi for a loss; more looks live when it is not
const TRY_MS = 2_000; // more keeps a page waiting for a gateway that is back; less burdens one that starts
const TRIES = 3; // connections that may wait for an answer at once, so that each has three times as long

// Milliseconds since the last restart. performance.now() stands still while the machine sleeps, the date does not; a
// date that is put right by seconds meanwhile is no sleep.
function stopwatch() {
  let mono = performance.now();
  let date = Date.now();
  return {
    restart(agoMs = 0) {
      mono = performance.now() - agoMs;
      date = Date.now() - agoMs;
    },
    ms() {
      const [passed, dated] = [performance.now() - mono, Date.now() - date];
      return dated > passed + 5000 ? dated : passed;
    },
  };
}

// emit({kind: "state" | "u" | "b", data}) for each event, {kind: "cut"} when the connection breaks, {kind: "out"} when
// the gateway says that nobody here may read it.
function openStream(url, emit) {
  const heard = stopwatch();
  let source = null; // the one that has answered
  let waiting = []; // those that have not, oldest first
  let isCut = false;
  let isAsking = false;

  function settle(on) {
    if (source !== on) source?.close();
    for (const each of waiting) if (each !== on) each.close();
    [source, waiting] = [on, []];
    heard.restart();
  }

  function lose(lost) {
    const isRefused = lost.readyState === EventSource.CLOSED; // by an answer that is no stream
    lost.close(); // it would connect again in its own time
    const wasHeard = lost === source;
    if (wasHeard) source = null;
    waiting = waiting.filter((each) => each !== lost);
    if (!isCut && source === null) {
      isCut = true;
      emit({ kind: "cut" });
    }
    if (isRefused) askWhy();
    else if (wasHeard) connect();
  }

  async function askWhy() {
    if (isAsking) return;
    isAsking = true;
    const stop = new AbortController();
    try {
      const { status } = await fetch(url, { cache: "no-store", signal: stop.signal });
      if (status === 401 || status === 403) emit({ kind: "out" });
    } catch {
      // not even an answer: the next try will see
    }
    stop.abort();
    isAsking = false;
  }

  function connect() {
    const next = new EventSource(url);
    next.onopen = () => settle(next);
    next.onerror = () => lose(next);
    for (const kind of ["state", "u", "b"]) {
      next.addEventListener(kind, (event) => {
        settle(next);
        isCut = false;
        emit({ kind, data: JSON.parse(event.data) });
      });
    }
    waiting.push(next);
    if (waiting.length > TRIES) waiting.shift().close();
  }

  connect();
  const timer = setInterval(() => {
    if (source === null || heard.ms() > SILENCE_MS) connect();
  }, TRY_MS);
  return {
    isCut: () => isCut,
    silentMs: heard.ms,
    close() {
      clearInterval(timer);
      for (const each of [source, ...waiting]) each?.close();
    },
  };
}

if ("SharedWorkerGlobalScope" in self) {
  const ports = new Set();
  let fields = null; // everything known, for a page that opens later
  let stream = null;

  function broadcast(event) {
    if (event.kind === "state") fields = event.data.fields;
    else if (event.kind === "u" && fields) Object.assign(fields, event.data);
    for (const each of ports) each.postMessage(event);
  }

  // A page that opens is told how old that is, and nothing at all of what may be older than the page itself.
  function welcome(port) {
    const silentMs = stream.silentMs();
    if (stream.isCut()) port.postMessage({ kind: "cut" });
    else if (fields && silentMs < SILENCE_MS) port.postMessage({ kind: "state", data: { fields }, silentMs });
  }

  self.onconnect = (connection) => {
    const port = connection.ports[0];
    ports.add(port);
    port.onmessage = ({ data }) => {
      if (data.leave) {
        ports.delete(port);
        if (ports.size > 0) return;
        stream?.close();
        stream = fields = null;
      } else if (stream === null) stream = openStream(data.url, broadcast);
      else welcome(port);
    };
  };
}
