module doin.network/node

go 1.26.0
