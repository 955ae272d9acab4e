/**
 * ONNX Runtime for browsers, from this folder or from a content delivery network, which must deliver what was pinned.
 *
 * @typedef {object} Build Files of one build of the runtime, as `site.json` describes them.
 * @property {string} script
 * @property {string} binary Maybe packed by gzip.
 * @property {string} [script_integrity] As the attribute `integrity` of HTML; of files that lie elsewhere.
 * @property {string} [binary_integrity]
 */

/**
 * @param {Build} build
 * @param {URL} base Of relative addresses.
 * @param {number} threads
 * @returns {Promise<any>} The module `onnxruntime-web`.
 */
export async function loadRuntime(build, base, threads) {
  const [script, binary] = await Promise.all([
    fetched(new URL(build.script, base), build.script_integrity),
    fetched(new URL(build.binary, base), build.binary_integrity).then(unpacked),
  ]);
  // Imported from memory, as an import from elsewhere cannot be checked in a worker.
  const address = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const runtime = await import(address);
  URL.revokeObjectURL(address);
  runtime.env.wasm.wasmBinary = binary;
  runtime.env.wasm.numThreads = threads;
  runtime.env.logLevel = 'error';
  return runtime;
}

/**
 * @param {URL} address
 * @param {string} [integrity]
 */
export async function fetched(address, integrity) {
  const options = integrity ? { integrity, mode: /** @type {const} */ ('cors') } : {};
  const response = await fetch(address, options).catch((error) => {
    throw new Error(`${address.pathname}: ${error.message}`);
  });
  if (!response.ok) throw new Error(`${address.pathname}: ${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}

/**
 * What gzip packed; some servers have unpacked it already.
 *
 * @param {ArrayBuffer} content
 */
async function unpacked(content) {
  const [first, second] = new Uint8Array(content, 0, 2);
  if (first !== 0x1f || second !== 0x8b) return content;
  const stream = new Blob([content]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).arrayBuffer();
}
