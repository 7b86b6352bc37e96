// Packages of the Pyodide distribution that a cell imports: which they are by the lock file, and getting them. Their checksums are in
// the lock file too, and the browser refuses a file that has another one.

export class Packages {
  // `lock`: the parsed lock file. `sizes`: {package: bytes} of what is there, or null when the base has them all.
  constructor({ python, lock, base, sizes, tell }) {
    Object.assign(this, { python, lock: lock.packages, base, sizes, tell });
    this.providers = new Map();
    for (const [name, entry] of Object.entries(this.lock)) {
      if (entry.package_type !== "package" || name.endsWith("-tests")) continue;
      for (const module of entry.imports) if (!this.providers.has(module)) this.providers.set(module, name);
    }
  }

  withDependencies(names) {
    const all = new Set();
    const visit = (name) => {
      if (all.has(name) || !this.lock[name]) return;
      all.add(name);
      this.lock[name].depends.forEach(visit);
    };
    names.forEach(visit);
    return [...all];
  }

  // Installs what the modules need; `named` are packages by their own names, as an exercise lists them. Returns what cannot be had:
  // {module or package: the package's name}.
  async provide(modules, named = []) {
    const wanted = new Map(named.map((name) => [name, name]));
    for (const module of modules) if (this.providers.has(module)) wanted.set(module, this.providers.get(module));
    const here = (name) => Boolean(this.python.loadedPackages[name]);
    const canBeHad = (name) => here(name) || (this.base && (!this.sizes || name in this.sizes));
    const refused = (name) => !this.lock[name] || !this.withDependencies([name]).every(canBeHad);
    const missing = this.withDependencies([...wanted.values()].filter((name) => !refused(name))).filter((name) => !here(name));
    const faults = [];
    if (missing.length) {
      for (const name of missing) this.tell(name, this.sizes?.[name] ?? null);
      const errorCallback = (text) => faults.push(text);
      await this.python.loadPackage(missing, { checkIntegrity: true, messageCallback() {}, errorCallback });
    }
    if (faults.length) console.warn(faults.join("\n"));
    const failed = (name) => refused(name) || !this.withDependencies([name]).every(here);
    const absent = [...wanted].filter(([, name]) => failed(name));
    // An import may also fail within the package, at what it depends on.
    const within = absent.flatMap(([, name]) =>
      this.withDependencies([name]).filter((each) => !here(each)).flatMap((each) => this.lock[each].imports.map((module) => [module, name])),
    );
    return Object.fromEntries([...within, ...absent]);
  }
}
