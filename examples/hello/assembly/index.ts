import { isHttp, readRequest, readStdin, respond, respondWith } from "./http"

if (isHttp()) answerRequest()
else answerCall()

/** GET /?name=Ada, or POST / with the name as the body. */
function answerRequest(): void {
  const request = readRequest()
  if (request.path != "/") {
    respondWith(404, "text/plain", "There is nothing at " + request.path + "\n")
    return
  }
  const named = request.query.has("name") ? request.query.get("name") : request.body
  respond(greet(named))
}

/** bls run . Ada, or the name on stdin. */
function answerCall(): void {
  const args = process.argv
  respond(greet(args.length > 1 ? args[1] : readStdin()))
}

function greet(name: string): string {
  const trimmed = name.trim()
  return "Hello, " + (trimmed.length > 0 ? trimmed : "world") + "!\n"
}
