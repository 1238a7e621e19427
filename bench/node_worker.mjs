// Node's bullmq as the yardstick of bench/rounds.py: `node node_worker.mjs <json>`; one JSON line comes out at the end.
import { readFileSync } from 'node:fs'
import { Worker } from 'bullmq'
import IORedis from 'ioredis'

const given = JSON.parse(process.argv[2])
const connection = new IORedis(given.url, { maxRetriesPerRequest: null })
const now = () => performance.timeOrigin + performance.now()
const waits = []
let ended = 0
let began = 0
let cpu
let finish
const done = new Promise((resolve) => { finish = resolve })

const handle = async (job) => {
  if (given.keep_waits) waits.push(now() - job.data.due)
  if (given.handler_ms) await new Promise((resolve) => setTimeout(resolve, given.handler_ms))
  return {}
}

const worker = new Worker(given.queue, handle, {
  connection, prefix: given.prefix, concurrency: given.concurrency, autorun: false, ...given.options,
})
worker.on('completed', () => {
  ended += 1
  if (ended === given.warm) {
    began = now()
    cpu = process.cpuUsage()
  }
  if (ended === given.jobs + given.warm) finish()
})
worker.on('error', (error) => process.stderr.write(`${error}\n`))
await worker.waitUntilReady()
const running = worker.run()
process.stdout.write('ready\n')
await done
const seconds = (now() - began) / 1000
const used = process.cpuUsage(cpu)
const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024
const result = { seconds, cpu: (used.user + used.system) / 1e6, rss, waits: waits.slice(given.warm) }
process.stdout.write(JSON.stringify(result) + '\n')
await worker.close()
await running
connection.disconnect()
