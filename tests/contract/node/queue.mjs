// Drives Node's bullmq for the contract tests: `node queue.mjs <command> <json>`; one JSON value per line comes out.
import { Job, Queue, QueueEvents, Worker } from 'bullmq'
import IORedis from 'ioredis'

const [command, text] = process.argv.slice(2)
const given = JSON.parse(text)
const connection = new IORedis(given.url, { maxRetriesPerRequest: null })
const options = { connection, prefix: given.prefix }
const queue = new Queue(given.queue, options)
const say = (value) => process.stdout.write(JSON.stringify(value) + '\n')

const commands = {
  async add() {
    const job = await queue.add(given.name, given.data, given.options)
    say({ id: job.id })
  },

  async complete() {
    const jobs = given.jobs ?? [given]
    // From the beginning: by default it listens from whenever its first read reaches the server.
    const events = new QueueEvents(given.queue, { ...options, connection: connection.duplicate(), lastEventId: '0-0' })
    await events.waitUntilReady()
    let left = jobs.length
    const told = new Promise((resolve) => {
      const tell = (event) => { say(event); if (--left === 0) resolve() }
      events.on('completed', ({ jobId, returnvalue }) => tell({ event: 'completed', jobId, returnvalue }))
      events.on('failed', ({ jobId, failedReason }) => tell({ event: 'failed', jobId, failedReason }))
    })
    const added = await Promise.all(jobs.map(({ name, data, options }) => queue.add(name, data, options)))
    for (const job of added) {
      const answer = await job.waitUntilFinished(events, 10_000).catch((error) => ({ error: error.message }))
      say({ id: job.id, answer })
    }
    await told
    await events.close()
  },

  async workers() {
    const workers = await queue.getWorkers()
    say({ count: await queue.getWorkersCount(), names: workers.map((worker) => worker.rawname) })
  },

  async metrics() {
    const { meta } = await queue.getMetrics('completed')
    say({ count: meta.count })
  },

  async retry() {
    const job = await Job.fromId(queue, given.id)
    await job.retry(given.state, given.options)
    say({ id: job.id })
  },

  async work() {
    const worker = new Worker(
      given.queue,
      async (job) => {
        say({
          id: job.id, name: job.name, data: job.data, attempts: job.opts.attempts, backoff: job.opts.backoff,
          priority: job.opts.priority ?? 0, delay: job.opts.delay ?? 0, made: job.attemptsMade, at: Date.now(),
          added: job.timestamp,
        })
        if (job.attemptsMade < given.fail) throw new Error('not yet')
        return { by: 'node' }
      },
      { ...options, connection: connection.duplicate() },
    )
    let ended = 0
    await new Promise((resolve) => {
      const count = () => { if (++ended === given.jobs) resolve() }
      worker.on('completed', count)
      worker.on('failed', (job) => { if (job.finishedOn) count() })
    })
    await worker.close()
  },
}

await commands[command]()
await queue.close()
connection.disconnect()
process.exit(0)
