-- Limits what the unfinished requests of this worker may use. A connection may use half of what is free, so that each client
-- leaves room for the next, and a single one gets a third.
--
-- The control plane puts constants before this text: CAPACITY, what all of them may use; LEAST, what each connection may
-- use in any case; and GAUGE, the name of the gauge of what all workers use together.

-- A script isn't notified when a client disconnects. But then the place of its request is no longer referenced, and is
-- garbage-collected.
local places = setmetatable({}, { __mode = "k" })
local total, held, swept = 0, {}, 0

-- What this worker has added to the gauge. Changes below a hundredth of the capacity aren't worth their time: as long as
-- little is used, no request touches the gauge.
local reported = 0
local STEP = CAPACITY / 100

local function report(handle)
  local change = total - reported
  if change < STEP and change > -STEP then return end
  local gauge = handle:stats():gauge(GAUGE)
  if change > 0 then gauge:add(change) else gauge:sub(-change) end
  reported = total
end

local function add(connection, charge)
  total = total + charge
  local sum = (held[connection] or 0) + charge
  held[connection] = sum > 0 and sum or nil
end

-- Counts the remaining places again, but not sooner than `pause` milliseconds after the last time: a flood may have
-- thousands.
local function sweep(now, pause)
  if now - swept < pause then return end
  swept = now
  collectgarbage()
  total, held = 0, {}
  for place in pairs(places) do add(place.connection, place.charge) end
end

local function fits(connection, charge)
  return (held[connection] or 0) + charge <= math.max(LEAST, (CAPACITY - total) / 2)
end

-- Takes a place for the request, which must leave it at its end; nil if there is none.
local function enter(handle, charge)
  local connection = handle:streamInfo():downstreamDirectRemoteAddress()
  -- Clients of a unix socket have no addresses by which they could be distinguished.
  if not connection:find(":", 1, true) then connection = {} end
  if not fits(connection, charge) then
    sweep(handle:timestamp(), 100)
    if not fits(connection, charge) then return nil end
  elseif total > CAPACITY / 4 then
    -- So that the gauge doesn't stay where disconnected clients have left it.
    sweep(handle:timestamp(), 1000)
  end
  local place = { connection = connection, charge = charge }
  places[place] = true
  add(connection, charge)
  report(handle)
  return place
end

local function leave(handle, place)
  places[place] = nil
  add(place.connection, -place.charge)
  report(handle)
end

-- Answers 503. The mark decides the form of the reply and the log line.
local function refuse(handle)
  handle:streamInfo():dynamicMetadata():set(NAMESPACE, FULL, true)
  handle:respond({ [":status"] = "503" })
end

local function header_bytes(handle)
  local bytes = 0
  for name, value in pairs(handle:headers()) do bytes = bytes + #name + #value end
  return bytes
end
