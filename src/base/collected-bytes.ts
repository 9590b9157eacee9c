/** All chunks as one buffer; null where they are more than `limitBytes`, and the rest is then not read. */
export async function collectBytes(
  chunks: AsyncIterable<Uint8Array>,
  limitBytes: number,
): Promise<Buffer | null> {
  const collected: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) return null;
    collected.push(chunk);
  }
  return Buffer.concat(collected, sizeBytes);
}
