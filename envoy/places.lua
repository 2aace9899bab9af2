-- Shares out what the unfinished requests of this worker may hold. A connection may hold half of what is free, so that
-- however much one client takes there is room for the next, and one that is alone has a third.
--
-- The control plane puts two constants before this text: CAPACITY, what all of them may hold, and LEAST, what each
-- connection may hold in any case.

-- Nothing tells a script that a client has gone. But then nobody knows the place of its request any more, and it is
-- collected.
local places = setmetatable({}, { __mode = "k" })
local total, held, swept = 0, {}, 0

local function add(connection, charge)
  total = total + charge
  local sum = (held[connection] or 0) + charge
  held[connection] = sum > 0 and sum or nil
end

-- At most ten times a second, for a flood may have thousands.
local function sweep(now)
  if now - swept < 100 then return end
  swept = now
  collectgarbage()
  total, held = 0, {}
  for place in pairs(places) do add(place.connection, place.charge) end
end

local function fits(connection, charge)
  return (held[connection] or 0) + charge <= math.max(LEAST, (CAPACITY - total) / 2)
end

-- A place for the request, which must leave it at its end; nil if there is none.
local function enter(handle, charge)
  local connection = handle:streamInfo():downstreamDirectRemoteAddress()
  -- Clients of a unix socket have no address that tells them apart.
  if not connection:find(":", 1, true) then connection = {} end
  if not fits(connection, charge) then
    sweep(handle:timestamp())
    if not fits(connection, charge) then return nil end
  end
  local place = { connection = connection, charge = charge }
  places[place] = true
  add(connection, charge)
  return place
end

local function leave(place)
  places[place] = nil
  add(place.connection, -place.charge)
end

-- Answers 503. What the reply looks like, and what the log says, is decided by the mark.
local function refuse(handle)
  handle:streamInfo():dynamicMetadata():set(NAMESPACE, FULL, true)
  handle:respond({ [":status"] = "503" })
end

local function header_bytes(handle)
  local bytes = 0
  for name, value in pairs(handle:headers()) do bytes = bytes + #name + #value end
  return bytes
end
