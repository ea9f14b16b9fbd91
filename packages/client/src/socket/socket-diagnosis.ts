import { type CreateDiagnosis, diagnosed as diagnosedHub } from '../http/diagnosis.ts'
import { closeReason } from '../reason/close-reason.ts'

/** What is to be believed of a server that may have never thought of plain requests where its WebSockets are. */
const BELIEVED: readonly string[] = ['offline', 'forbidden', 'refusedForNow']

/** Asks by a plain `GET`, which is safe with any server; where its answer says nothing of WebSockets, it is the text of the reason. */
export const diagnosed: CreateDiagnosis = (url, nowMs) => {
  const diagnose = diagnosedHub(url, nowMs, 'GET')
  return (reason, tell) =>
    diagnose(reason, (found) =>
      tell(
        BELIEVED.includes(found.name)
          ? found
          : closeReason('unreachable', { ...reason, text: `a plain request is answered: ${found.text}` }),
      ),
    )
}
