// What programs for pages are given, in a script for a page.
import { fetchEventSource } from '@microsoft/fetch-event-source'
import { EventSourcePolyfill } from 'event-source-polyfill'
import $ from 'jquery'

Object.assign(window, { $, EventSourcePolyfill, fetchEventSource })
