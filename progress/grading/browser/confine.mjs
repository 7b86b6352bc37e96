// Takes from the worker's global scope everything that a lesson's code has no business with: network, storage, other workers, the
// way to the page. A list of what may stay and not of what must go, so that what browsers will invent is gone as well. The worker's
// Content-Security-Policy is the first fence; this is the second. Knows nothing of Python.

const LANGUAGE =
  "AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date DisposableStack " +
  "Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array Intl " +
  "Iterator JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set String SuppressedError Symbol " +
  "SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet WebAssembly decodeURI " +
  "decodeURIComponent encodeURI encodeURIComponent escape eval globalThis isFinite isNaN parseFloat parseInt undefined unescape";

// What Pyodide uses, and what computes and reaches nothing.
const WEB =
  "AbortController AbortSignal DOMException Event EventTarget Headers Response TextDecoder TextEncoder URL URLSearchParams atob btoa " +
  "clearInterval clearTimeout console constructor crypto location performance queueMicrotask self setInterval setTimeout structuredClone";

// If a browser would not let go of one of these, the runtime must not start.
const NEVER =
  "BroadcastChannel CacheStorage EventSource FileReaderSync IDBFactory MessageChannel MessagePort Notification RTCPeerConnection " +
  "Request SharedWorker StorageManager WebSocket WebSocketStream WebTransport Worker XMLHttpRequest caches close cookieStore " +
  "fetchLater importScripts indexedDB onmessage postMessage webkitRequestFileSystem webkitRequestFileSystemSync";

const KEPT_OF_NAVIGATOR = ["userAgent", "platform", "language", "hardwareConcurrency", "maxTouchPoints"];

// A fetch that reads files below the given addresses, sends nothing along and takes no redirect.
function narrowFetch(folders) {
  const real = fetch;
  const Address = URL;
  const { apply } = Reflect;
  const { startsWith, includes } = String.prototype;
  const href = Object.getOwnPropertyDescriptor(URL.prototype, "href").get;
  const here = location.href;
  return function fetch(resource, options) {
    const address = apply(href, new Address(`${resource}`, here), []);
    let allowed = false;
    for (let index = 0; index < folders.length; index += 1) allowed ||= apply(startsWith, address, [folders[index]]);
    // An encoded dot or slash might mean another folder to a server than to this comparison.
    if (!allowed || apply(includes, address, ["%"])) throw new TypeError("the network cannot be used here");
    const integrity = typeof options?.integrity === "string" ? options.integrity : "";
    const asked = { integrity, credentials: "omit", redirect: "error", referrerPolicy: "no-referrer" };
    if (!integrity) return real(address, asked);
    // A file that was cut short may have been kept: with another checksum it is asked for once more, past the cache.
    return (async () => {
      try {
        return await real(address, asked);
      } catch {
        return real(address, { ...asked, cache: "reload" });
      }
    })();
  };
}

function fixed(target, name, value) {
  Object.defineProperty(target, name, { value, writable: false, enumerable: true, configurable: false });
}

// `folders`: addresses, each ending with a slash, whose files may still be read. Call it once the runtime is loaded.
export function confine(folders) {
  const kept = new Set([...LANGUAGE.split(" "), ...WEB.split(" ")]);
  const reader = narrowFetch(Object.freeze([...folders]));
  const about = Object.fromEntries(KEPT_OF_NAVIGATOR.map((name) => [name, navigator[name]]));
  // Held by the page's messages: nobody may put a function of theirs between them and the worker.
  for (const type of [MessagePort, MessageEvent, Event, EventTarget]) Object.freeze(type.prototype);
  const left = [];
  for (let scope = self; scope && scope !== EventTarget.prototype; scope = Object.getPrototypeOf(scope)) {
    for (const name of Reflect.ownKeys(scope)) {
      if (kept.has(name) || typeof name === "symbol") continue;
      if (!Reflect.deleteProperty(scope, name)) left.push(name);
    }
  }
  fixed(self, "fetch", reader);
  fixed(self, "navigator", Object.freeze(about));
  const open = NEVER.split(" ").filter((name) => name in self);
  if (open.length) throw new Error(`this browser does not let go of ${open.join(", ")}`);
  return left;
}
