// The data files of a lesson, fetched once by the page and kept for every Python that the page starts.

const MOST_BYTES = 50_000_000; // all files together

function isPlain(name) {
  return name !== "" && name.split("/").every((part) => part !== "" && part !== "." && part !== "..") && !name.includes("\0");
}

export class CourseFiles {
  #addresses;
  #fetched = null;

  /** `addresses`: {path below the course's folder: address}. */
  constructor(addresses) {
    this.#addresses = Object.entries(addresses);
  }

  /** `{files: [[path, ArrayBuffer], …], problems: [words, …]}`. A file that could not be had is asked for again the next time. */
  async get() {
    const fetched = (this.#fetched ??= this.#fetch());
    const { problems } = await fetched;
    if (problems.length) this.#fetched = null;
    return fetched;
  }

  async #fetch() {
    const files = [];
    const problems = [];
    let left = MOST_BYTES;
    for (const [name, address] of this.#addresses) {
      try {
        if (!isPlain(name)) throw new Error("its name cannot be used");
        const response = await fetch(address, { credentials: "same-origin" });
        if (!response.ok) throw new Error(`the server said ${response.status}`);
        const announced = Number(response.headers.get("Content-Length") ?? 0);
        if (announced > left) throw new Error(`the lesson's files are larger than ${MOST_BYTES / 1e6} MB together`);
        const content = await upTo(response, left);
        left -= content.byteLength;
        files.push([name, content]);
      } catch (error) {
        problems.push(`${name} is not available: ${error.message}`);
      }
    }
    return { files, problems };
  }
}

// A body may be longer than it announced.
async function upTo(response, limit) {
  const parts = [];
  let size = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts).arrayBuffer();
    size += value.byteLength;
    if (size > limit) {
      await reader.cancel();
      throw new Error(`the lesson's files are larger than ${MOST_BYTES / 1e6} MB together`);
    }
    parts.push(value);
  }
}
