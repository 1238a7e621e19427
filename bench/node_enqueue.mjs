// Node's side of bench/enqueue.py: `node node_enqueue.mjs <json>`; one JSON line comes out at the end.
import { Queue } from 'bullmq'
import IORedis from 'ioredis'

const given = JSON.parse(process.argv[2])
const connection = new IORedis(given.url, { maxRetriesPerRequest: null })
const queue = new Queue(given.queue, { connection, prefix: given.prefix })
const opts = given.options
const block = Array.from({ length: given.size }, () => ({ name: 'no-op', data: { due: 0 }, opts }))
const add = () => (given.size === 1 ? queue.add('no-op', { due: 0 }, opts) : queue.addBulk(block))

await queue.waitUntilReady()
for (let at = 0; at < Math.floor(given.jobs / 10 / given.size) + 1; at += 1) await add()
process.stdout.write('ready\n')
const began = performance.now()
for (let at = 0; at < Math.floor(given.jobs / given.size); at += 1) await add()
process.stdout.write(JSON.stringify({ seconds: (performance.now() - began) / 1000 }) + '\n')
await queue.close()
connection.disconnect()
